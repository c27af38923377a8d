// The fastify contender of compare.py: everything goes to one upstream, nothing is logged.
import fastify from 'fastify'
import proxy from '@fastify/http-proxy'

const keepAliveTimeout = Number(process.env.KEEP_ALIVE_MS)

const app = fastify({ logger: false, keepAliveTimeout, connectionTimeout: 0 })
app.register(proxy, {
  upstream: process.env.UPSTREAM,
  // 128 is the plugin's own default, and faster here than a larger pool.
  undici: { connections: 128, pipelining: 1, keepAliveTimeout }
})
await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT), backlog: 4096 })

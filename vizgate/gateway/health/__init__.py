"""The health of targets, joined to the network: probes over the wire, parts of a plan, gauges."""

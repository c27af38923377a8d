"""Who asks: clients that know what they got, and wrk."""

node --require @opentelemetry/auto-instrumentations-node/register server.cjs

.venv/bin/opentelemetry-instrument .venv/bin/flask --app main run

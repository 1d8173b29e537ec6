java -javaagent:target/opentelemetry-javaagent.jar -jar target/orders.jar

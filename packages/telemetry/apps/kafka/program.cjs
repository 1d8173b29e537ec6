const { Kafka, logLevel } = require("kafkajs");
const { sendAndRead } = require("./order.cjs");

void sendAndRead(new Kafka({ brokers: [process.env.KAFKA_BROKER], logLevel: logLevel.NOTHING }));

import { Kafka, logLevel } from "kafkajs";
import { sendAndRead } from "./order.cjs";

await sendAndRead(new Kafka({ brokers: [process.env.KAFKA_BROKER], logLevel: logLevel.NOTHING }));

/** Sends an order through a topic of its own and reads it. */
exports.sendAndRead = async (kafka) => {
  const topic = process.env.KAFKA_TOPIC;
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic }] });
  await admin.disconnect();

  const consumer = kafka.consumer({ groupId: topic });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const read = new Promise((resolve) => {
    consumer.run({
      eachMessage: async ({ message }) => {
        console.log(JSON.stringify({ message: "order read", order_id: String(message.value), password: "hunter2" }));
        resolve();
      },
    });
  });
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({ topic, messages: [{ key: "berlin", value: "4711" }] });
  await read;
  await Promise.all([producer.disconnect(), consumer.disconnect()]);
};

// Sends requests with the AWS SDK for JavaScript: reads lines of JSON, each an access key, the name of a package, an
// operation and its request, and writes a line with the response, or with the name of an error.

import { createInterface } from "node:readline";

const clients = new Map();

async function send(account, name, operation, request) {
  const sdk = await import(`@aws-sdk/client-${name}`);
  const key = `${account} ${name}`;
  if (!clients.has(key)) {
    const [Client] = Object.entries(sdk).flatMap(([each, value]) => (/^Partner\w+Client$/.test(each) ? [value] : []));
    const credentials = { accessKeyId: account, secretAccessKey: "any" };
    clients.set(key, new Client({ endpoint: process.argv[2], region: "us-east-1", credentials }));
  }
  const { $metadata, ...response } = await clients.get(key).send(new sdk[`${operation}Command`](request));
  return response;
}

for await (const line of createInterface({ input: process.stdin })) {
  try {
    console.log(JSON.stringify([await send(...JSON.parse(line)), null]));
  } catch (error) {
    console.log(JSON.stringify([null, error.name, error.message]));
  }
}
clients.forEach((client) => client.destroy());

// Adds a job to the queue of a `queue` trigger. Needs `npm install bullmq` and a way to the instance's Redis.
// REDIS_SOCKET=/path/to/redis.sock node producer.mjs cat.jpg
import { Queue } from 'bullmq';

const queue = new Queue('thumbnails', {
  // Details.Prefix of the trigger: <EASYFAAS_REDIS_PREFIX>:queues:<account>
  prefix: process.env.QUEUE_PREFIX ?? 'easyfaas:queues:default',
  connection: process.env.REDIS_SOCKET ? { path: process.env.REDIS_SOCKET } : { host: '127.0.0.1', port: 6379 },
});
const job = await queue.add('resize', { image: process.argv[2] ?? 'cat.jpg' });
process.stdout.write(`added job ${job.id}\n`);
await queue.close();

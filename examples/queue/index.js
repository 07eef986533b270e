// Gets the data of one job that producer.mjs added.
exports.handler = async (job) => {
  console.log(`resize ${job.image ?? 'nothing'}`);
  return { done: job };
};

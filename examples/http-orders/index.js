// Gets a request in the payload format 2.0 and says what the answer is to be.
exports.handler = async (event) => ({
  statusCode: 200,
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify({ order: event.pathParameters?.id ?? null, method: event.requestContext?.http.method ?? null, name: event.name }),
});

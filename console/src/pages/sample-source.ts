/** A first function for each kind of source; empty where there is none to offer. */
const SAMPLES: Readonly<Record<string, string>> = {
  'text/javascript': 'exports.handler = async (event, context) => {\n  return { hello: event.name ?? "world" };\n};\n',
  'text/x-python': 'def handler(event, context):\n    return {"hello": event.get("name", "world")}\n',
  'text/x-ruby': 'def handler(event:, context:)\n  { hello: event["name"] || "world" }\nend\n',
};

export function sampleSource(contentTypes: readonly string[]): string {
  return SAMPLES[contentTypes[0] ?? ''] ?? '';
}

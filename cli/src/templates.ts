/** Functions to start from: NAME is replaced by the function's name. */
export interface Template {
  code: Record<string, string>;
  manifest: string;
}

const manifest = (
  runtime: string,
  code = '.',
): string => `# \`easyfaas deploy\` makes the functions what this file says. All members: docs/cli.md.
functions:
  NAME:
    code: ${code}
    runtime: ${runtime}
    handler: index.handler
    memoryMb: 128
    timeoutSeconds: 3
    # environment:
    #   GREETING: Hello
`;

export const TEMPLATES: Record<string, Template> = {
  node: {
    manifest: manifest('nodejs20'),
    code: {
      'index.js': `// event: the parsed JSON of the request. What is returned, or what the promise resolves to, is the answer.
exports.handler = async (event, context) => {
  console.log('called as', context.awsRequestId);
  return { message: \`Hello, \${event.name ?? 'world'}!\` };
};
`,
    },
  },
  python: {
    manifest: manifest('python3'),
    code: {
      'index.py': `def handler(event, context):
    """event: the parsed JSON of the request. What is returned is the answer."""
    print("called as", context.aws_request_id)
    return {"message": f"Hello, {event.get('name', 'world')}!"}
`,
    },
  },
  typescript: {
    manifest: manifest('nodejs20', './index.ts'),
    code: {
      'index.ts': `interface Event {
  name?: string;
}

/** What is returned, or what the promise resolves to, is the answer. */
export async function handler(event: Event, context: { awsRequestId: string }): Promise<{ message: string }> {
  console.log('called as', context.awsRequestId);
  return { message: \`Hello, \${event.name ?? 'world'}!\` };
}
`,
    },
  },
};

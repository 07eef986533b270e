/** Functions to start from: NAME is replaced by the function's name. */
export interface Template {
  code: Record<string, string>;
  manifest: string;
}

const manifest = (
  runtime: string,
  code = '.',
  handler = 'index.handler',
): string => `# \`easyfaas deploy\` makes the functions what this file says. All members: docs/cli.md.
functions:
  NAME:
    code: ${code}
    runtime: ${runtime}
    handler: ${handler}
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
  php: {
    manifest: manifest('php8'),
    code: {
      'index.php': `<?php

/** $event: the parsed JSON of the request. What is returned is the answer. */
function handler($event, $context)
{
    echo "called as $context->awsRequestId\\n";
    return ['message' => 'Hello, ' . ($event->name ?? 'world') . '!'];
}
`,
    },
  },
  ruby: {
    manifest: manifest('ruby3'),
    code: {
      'index.rb': `# event: the parsed JSON of the request. What is returned is the answer.
def handler(event:, context:)
  puts "called as #{context.aws_request_id}"
  { message: "Hello, #{event.fetch('name', 'world')}!" }
end
`,
    },
  },
  shell: {
    manifest: manifest('provided', '.', 'bootstrap'),
    code: {
      bootstrap: `#!/bin/bash
# A custom runtime: polls for calls and answers them (docs/guides/custom-runtime.md). bash itself speaks HTTP.
exchange() { # method, path, body: sets HEAD and BODY
  exec 3<>"/dev/tcp/\${AWS_LAMBDA_RUNTIME_API/://}"
  printf '%s /2018-06-01/runtime/%s HTTP/1.0\\r\\nContent-Length: %d\\r\\n\\r\\n%s' "$1" "$2" "\${#3}" "$3" >&3
  HEAD='' BODY=''
  while IFS= read -r line <&3; line=\${line%$'\\r'}; [ -n "$line" ]; do HEAD+="$line"$'\\n'; done
  BODY=$(cat <&3)
  exec 3>&-
}

LC_ALL=C # lengths in bytes
while exchange GET invocation/next ''; do
  id=$(sed -n 's/^lambda-runtime-aws-request-id: //ip' <<<"$HEAD")
  echo "called as $id"
  exchange POST "invocation/$id/response" "{\\"you sent\\":$BODY}"
done
`,
    },
  },
};

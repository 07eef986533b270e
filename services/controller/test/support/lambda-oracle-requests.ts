import { CreateFunctionCommand, type CreateFunctionCommandInput, type LambdaClient } from '@aws-sdk/client-lambda';
import { zipSingleFile } from '@easyfaas/code-package';
import type { RecordedCase, WireAnswer } from './lambda-oracle';

export type Answers = Readonly<Record<string, WireAnswer>>;
export type Ask = (send: (client: LambdaClient) => Promise<unknown>) => Promise<WireAnswer>;

/** What the recorder of AWS did in a case; the requests follow from the answers and the names of the steps. */
export interface Scenario {
  matches: string | RegExp;
  run: (ask: Ask, name: string, recorded: RecordedCase) => Promise<Answers>;
}

export const FUNCTION_ARN = 'arn:aws:lambda:us-east-1:111111111111:function:';
const ROLE = 'arn:aws:iam::111111111111:role/r';
let sequence = 0;
export const newName = (): string => `fn-${(sequence += 1)}`;

export async function creation(FunctionName: string, more: Partial<CreateFunctionCommandInput> = {}): Promise<CreateFunctionCommand> {
  const ZipFile = await zipSingleFile('index.py', `# ${FunctionName}`);
  return new CreateFunctionCommand({
    FunctionName,
    Runtime: 'python3.12',
    Handler: 'index.handler',
    Role: ROLE,
    Code: { ZipFile },
    ...more,
  });
}

/** Steps one after the other, each by its recorded name. */
export async function inOrder(ask: Ask, steps: Readonly<Record<string, (client: LambdaClient) => Promise<unknown>>>): Promise<Answers> {
  const answers: Record<string, WireAnswer> = {};
  for (const [step, send] of Object.entries(steps)) answers[step] = await ask(send);
  return answers;
}

/** A function that is there before the steps. */
export async function withFunction(ask: Ask, more: Partial<CreateFunctionCommandInput> = {}): Promise<string> {
  const name = newName();
  const command = await creation(name, { Handler: 'handler.handler', Timeout: 30, ...more });
  await ask((client) => client.send(command));
  return name;
}

import { Command } from 'commander';
import { ApiClient } from './api-client';
import type { CliIo } from './cli-io';
import { registerCompletion } from './commands/completion';
import { registerDeploy } from './commands/deploy';
import { registerDev } from './commands/dev';
import { registerDoctor } from './commands/doctor';
import { registerEvents } from './commands/events';
import { registerFunctions } from './commands/functions';
import { registerInit } from './commands/init';
import { registerInvocations } from './commands/invocations';
import { registerInvoke } from './commands/invoke';
import { registerKeys } from './commands/keys';
import { registerLayers } from './commands/layers';
import { registerPool } from './commands/pool';
import { registerProvision } from './commands/provision';
import { registerSecrets } from './commands/secrets';
import { registerTriggers } from './commands/triggers';
import { registerVersions } from './commands/versions';
import { EXIT } from './exit-codes';
import { Output } from './output';
import { readSettings } from './settings';

/** What a command gets to work with. */
export interface Session {
  io: CliIo;
  output: Output;
  api: ApiClient;
  /** The API key in use, if one was found. */
  key: string | undefined;
  /** The command went through and the process is to end with this. */
  endWith: (exitCode: number) => void;
}

/** Makes the session when a command runs: its options are known only then. */
export type OpenSession = (command: Command) => Session;

declare const BUILD_VERSION: string | undefined;

export class Program extends Command {
  exitCode: number = EXIT.ok;
}

/** All commands. Adding one: a file under commands/ with a `register…` function, and a line here. */
export function createProgram(io: CliIo): Program {
  const program = new Program('easyfaas');
  program
    .description('Functions on your own machine: deploy, call, watch.')
    .version(typeof BUILD_VERSION === 'string' ? BUILD_VERSION : 'development', '--version')
    .option('--url <url>', 'address of EasyFaaS (EASYFAAS_URL, http://127.0.0.1:8080)')
    .option('--key-file <path>', 'file with the API key (else EASYFAAS_KEY, else the admin key of this machine)')
    .option('--json', 'print results as JSON, for scripts')
    .exitOverride()
    .configureOutput({ writeOut: (text) => void io.stdout.write(text), writeErr: (text) => void io.stderr.write(text) })
    .showHelpAfterError('`easyfaas --help` lists the commands, `easyfaas <command> --help` the options of one.')
    .addHelpText(
      'after',
      `
Examples:
  easyfaas init hello && easyfaas deploy hello      a first function
  easyfaas invoke hello -d '{"name":"you"}' --log   call it and see what it printed
  easyfaas dev hello                                deploy at each save
  easyfaas doctor                                   what is wrong, and how to mend it`,
    );
  const open: OpenSession = (command) => {
    const { url, keyFile, json } = command.optsWithGlobals<{ url?: string; keyFile?: string; json?: boolean }>();
    const settings = readSettings({ ...(url === undefined ? {} : { url }), ...(keyFile === undefined ? {} : { keyFile }) }, io.env);
    return {
      io,
      output: new Output(io, { isJson: json === true }),
      api: new ApiClient(settings),
      key: settings.key,
      endWith: (exitCode) => {
        program.exitCode = exitCode;
      },
    };
  };
  for (const register of REGISTRATIONS) register(program, open);
  return program;
}

const REGISTRATIONS: readonly ((program: Command, open: OpenSession) => void)[] = [
  registerInit,
  registerDeploy,
  registerInvoke,
  registerDev,
  registerFunctions,
  registerVersions,
  registerSecrets,
  registerLayers,
  registerProvision,
  registerInvocations,
  registerEvents,
  registerTriggers,
  registerPool,
  registerKeys,
  registerDoctor,
  registerCompletion,
];

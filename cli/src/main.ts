import { runCli } from './run-cli';

void runCli(process).then((exitCode) => {
  process.exitCode = exitCode;
});

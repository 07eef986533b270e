import { type HostileFunction, failsWith, node, python, returns } from './hostile-function';

const replies = returns((result) => expect(result).toBe('replied'));

/** Attacks that begin when the call is over, or end the process at an odd moment. */
export const afterlifeAttacks: HostileFunction[] = [
  {
    row: 79,
    title: 'an exception after the reply costs the container, not the reply',
    source: {
      nodejs20: node(`setTimeout(() => { throw new Error('too late'); }, 250);\n  return 'replied';`),
      python3: python(`
import threading
def crash():
    time.sleep(0.25)
    os.abort()
threading.Thread(target=crash).start()
return 'replied'`),
    },
    answers: replies,
    endsContainer: true,
  },
  {
    row: 79,
    title: 'a rejection that nobody handles after the reply costs the container, not the reply',
    source: { nodejs20: node(`setTimeout(() => { void Promise.reject(new Error('too late')); }, 250);\n  return 'replied';`) },
    answers: replies,
    endsContainer: true,
  },
  {
    row: 79,
    title: 'an exception in a left-over thread after the reply disturbs nothing',
    source: {
      python3: python(`
import threading
def raise_late():
    time.sleep(0.25)
    raise RuntimeError('too late')
threading.Thread(target=raise_late).start()
return 'replied'`),
    },
    answers: replies,
  },
  {
    row: 97,
    title: 'a child process, a timer and a server left running do not disturb the next call',
    source: {
      nodejs20: node(`require('node:child_process').spawn('/bin/sleep', ['600'], { detached: true, stdio: 'inherit' }).unref();
  setInterval(() => console.log('tick of an old call'), 5);
  require('node:http').createServer().listen(9000);
  return 'replied';`),
      python3: python(`
import socket, subprocess, threading
subprocess.Popen(['/bin/sleep', '600'], start_new_session=True)
def tick():
    while True:
        print('tick of an old call', flush=True)
        time.sleep(0.005)
threading.Thread(target=tick, daemon=True).start()
server = socket.socket()
server.bind(('127.0.0.1', 9000))
server.listen()
globals()['server'] = server
return 'replied'`),
    },
    answers: replies,
  },
  {
    row: 103,
    title: 'a process that exits between calls is replaced',
    source: {
      nodejs20: node(`setTimeout(() => process.exit(0), 250);\n  return 'replied';`),
      python3: python(`
import threading
threading.Timer(0.25, lambda: os._exit(0)).start()
return 'replied'`),
    },
    answers: replies,
    endsContainer: true,
  },
  {
    row: 103,
    title: 'a process that exits when it gets the call fails that call only',
    source: { nodejs20: node('process.exit(3);'), python3: python('os._exit(3)') },
    answers: failsWith(['Runtime.ExitError'], /3/),
    endsContainer: true,
  },
  {
    row: 103,
    title: 'a process that ends by a signal fails that call only',
    source: {
      nodejs20: node(`process.kill(process.pid, 'SIGKILL');\n  return new Promise(() => {});`),
      python3: python('os.kill(os.getpid(), 9)'),
    },
    answers: failsWith(['Runtime.ExitError'], /SIGKILL|killed|signal/),
    endsContainer: true,
  },
  {
    row: 103,
    title: 'a process that exits while its code is loaded fails that call only',
    source: {
      nodejs20: `if (!require('node:fs').existsSync('/nowhere')) process.exit(4);\nexports.handler = async () => 'fine';`,
      python3: `import os\nos._exit(4)\ndef handler(event, context): return 'fine'\n`,
    },
    answers: failsWith(['Runtime.ExitError'], /4/),
    endsContainer: true,
    isLostForGood: true,
  },
];

import { removeContainers } from './leftovers';

describe('the removal of what a test run leaves', () => {
  it('waits for containers that Docker is removing already', async () => {
    const answers = ['a\nb', new Error('removal of container a is already in progress'), 'a', '', ''];
    const asked: string[] = [];
    const docker = (...args: string[]): string => {
      asked.push(args[0] === 'rm' ? args.join(' ') : (args[0] ?? ''));
      const answer = answers.shift() ?? new Error('not planned');
      if (answer instanceof Error) throw answer;
      return answer;
    };
    await removeContainers(docker, 'run');
    expect(asked).toEqual(['ps', 'rm --force --volumes a b', 'ps', 'rm --force --volumes a']);
  });

  it('tells why a container stays', async () => {
    const docker = (...args: string[]): string => {
      if (args[0] === 'ps') return 'a';
      throw new Error('the device is busy');
    };
    await expect(removeContainers(docker, 'run', 0)).rejects.toThrow('the device is busy');
  });
});

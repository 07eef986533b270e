import { guideBlocks, showsLine, unmarkedCommands } from './guide-blocks';

const GUIDE = `# A guide

\`\`\`sh test
cat > a.py <<'END'
# a comment of the program
END
run a.py
# {"ms":1998}
\`\`\`

\`\`\`sh
not run
\`\`\`
`;

describe('blocks of guides', () => {
  it('are those that are marked, with what they show', () => {
    expect(guideBlocks(GUIDE)).toEqual([{ line: 3, script: expect.stringContaining('run a.py') as string, shown: ['{"ms":1998}'] }]);
  });

  it('are told when nobody has said whether they can be run', () => {
    expect(unmarkedCommands(GUIDE)).toEqual([11]);
    expect(unmarkedCommands(GUIDE.replace('```sh\nnot', '```sh by hand\nnot'))).toEqual([]);
    expect(unmarkedCommands('```\ncurl -i x\n```\n```\nan answer\n```\n')).toEqual([1]);
  });

  it('show what is the same each time', () => {
    expect(showsLine('x\n{"ms":2001}', '{"ms":1998}')).toBe(true);
    expect(showsLine('{"sum":4}', '{"sum":3}')).toBe(false);
    expect(showsLine('Duration: 7.04 ms\tMemory: 128 MB', 'Duration: 1.00 ms	Memory: 64 MB')).toBe(true);
    expect(showsLine('{"a":1,"b":2}', '{"a":1,...}')).toBe(true);
    expect(showsLine('2030-01-01T00:00:00.000Z INFO hi', '2026-11-22T13:33:44.457Z	INFO	hi')).toBe(true);
    expect(showsLine('2030-01-01T00:00:00.000Z INFO ho', '2026-11-22T13:33:44.457Z	INFO	hi')).toBe(false);
  });
});

import pc from 'picocolors';
import { renderTable } from './table';

const plain = pc.createColors(false);

describe('a table', () => {
  it('aligns its columns, numbers to the right', () => {
    const rows = [
      { name: 'hello', memoryMb: 128 },
      { name: 'a-longer-one', memoryMb: 1024 },
    ];
    const text = renderTable(
      rows,
      [
        { title: 'name', value: ({ name }) => name },
        { title: 'mb', value: ({ memoryMb }) => memoryMb, align: 'right' },
        { title: 'note', value: () => undefined },
      ],
      plain,
    );
    expect(text.split('\n')).toEqual(['NAME            MB  NOTE', 'hello          128  -', 'a-longer-one  1024  -']);
  });

  it('keeps what strangers wrote on its line', () => {
    const text = renderTable([{ reason: 'first\nsecond \u001b[31m' }], [{ title: 'reason', value: ({ reason }) => reason }], plain);
    expect(text.split('\n')).toEqual(['REASON', 'first second \\x1b[31m']);
  });
});

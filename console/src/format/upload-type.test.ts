import { uploadType } from './upload-type';

describe('a file for a function', () => {
  const node = ['text/javascript', 'text/typescript'];

  it.each([
    ['code.zip', node, 'application/zip'],
    ['index.JS', node, 'text/javascript'],
    ['index.ts', node, 'text/typescript'],
    ['main.py', node, undefined],
    ['main.py', ['text/x-python'], 'text/x-python'],
    ['bootstrap', ['text/x-shellscript'], 'text/x-shellscript'],
    ['bootstrap', node, undefined],
    ['picture.png', node, undefined],
  ])('%s is uploaded as what it is', (name, taken, type) => {
    expect(uploadType(name, taken)).toBe(type);
  });
});

/** A block of a guide that is run: its commands, and what the guide says that they print. */
export interface GuideBlock {
  /** Of the line with the fence, counted from 1. */
  line: number;
  script: string;
  /** Lines that the guide shows behind `# `, in their order. */
  shown: string[];
}

const FENCE = /^```sh test$/;
/** What a shell is meant to take begins so, whatever the block is called. */
const COMMAND = /^(?:\$ |curl |ef |npm |npx |node |git |docker |\.?\/?easyfaas |export |mkdir |pip )/m;

/**
 * Blocks of commands that are neither run nor marked as impossible to run, by the line of their fence: commands are in ` ```sh test `, or in
 * ` ```sh by hand ` beside words that say why.
 */
export function unmarkedCommands(text: string): number[] {
  const lines: number[] = [];
  let opened: { line: number; info: string; text: string } | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    if (!line.startsWith('```')) {
      if (opened !== undefined) opened.text += `${line}\n`;
    } else if (opened === undefined) {
      opened = { line: index + 1, info: line.slice(3), text: '' };
    } else {
      const { info } = opened;
      const isCommands = /^(sh|bash|shell)\b/.test(info) || (info === '' && COMMAND.test(opened.text));
      if (isCommands && info !== 'sh test' && info !== 'sh by hand') lines.push(opened.line);
      opened = undefined;
    }
  }
  return lines;
}

/** The blocks that begin with ` ```sh test `. A line `# …` that is not inside a here-document is what the commands print. */
export function guideBlocks(text: string): GuideBlock[] {
  const blocks: GuideBlock[] = [];
  let block: { line: number; lines: string[] } | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    if (block === undefined) {
      if (FENCE.test(line)) block = { line: index + 1, lines: [] };
    } else if (line === '```') {
      blocks.push({ line: block.line, script: block.lines.join('\n'), shown: shownIn(block.lines) });
      block = undefined;
    } else block.lines.push(line);
  }
  return blocks;
}

function shownIn(lines: readonly string[]): string[] {
  const shown: string[] = [];
  let end: string | undefined;
  for (const line of lines) {
    if (end !== undefined) {
      if (line === end) end = undefined;
      continue;
    }
    if (line.startsWith('# ')) shown.push(line.slice(2));
    else end = /<<-?'?([A-Z]+)'?/.exec(line)?.[1];
  }
  return shown;
}

/** Whether output has a line that a guide shows: ids, times, sizes and long numbers differ each time, `…` stands for anything. */
export function showsLine(output: string, shown: string): boolean {
  const parts = withoutChange(shown).split(/\.\.\.|…/);
  const pattern = new RegExp(parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.*'));
  return output.split('\n').some((line) => pattern.test(withoutChange(line)));
}

function withoutChange(text: string): string {
  return text
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'ID')
    .replace(/\b[0-9a-f]{12}\b/g, 'CONTAINER')
    .replace(/"KeyId":"\w{8}"/g, 'KEY')
    .replace(/easyfaas_\w{8}_/g, 'easyfaas_KEY_')
    .replace(/\d+(\.\d+)? (ms|MB)\b/g, 'N $2')
    .replace(/\b\d{3,}\b/g, 'N')
    .replace(/\s+/g, ' ')
    .trim();
}

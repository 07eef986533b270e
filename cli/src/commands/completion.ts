import type { Command } from 'commander';
import { CliError } from '../cli-error';
import type { OpenSession } from '../program';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

export function registerCompletion(program: Command, open: OpenSession): void {
  program
    .command('completion')
    .description('print a script that completes commands and options')
    .argument('<shell>', SHELLS.join(', '))
    .addHelpText(
      'after',
      '\nbash: source <(easyfaas completion bash)\nzsh:  source <(easyfaas completion zsh)\nfish: easyfaas completion fish | source',
    )
    .action((shell: string, _options: object, command: Command) => {
      const words = wordsByCommand(program);
      const { output } = open(command);
      if (shell === 'bash') output.raw(bash(words));
      else if (shell === 'zsh') output.raw(`autoload -U +X bashcompinit && bashcompinit\n${bash(words)}`);
      else if (shell === 'fish') output.raw(fish(words));
      else throw new CliError(`There is no completion for ${shell}; there is for ${SHELLS.join(', ')}.`);
    });
}

/** What may follow each command, by its path such as `keys create`; `` is the program itself. */
export function wordsByCommand(program: Command): Map<string, string[]> {
  const words = new Map<string, string[]>();
  const visit = (command: Command, path: string): void => {
    const subcommands = command.commands.map((each) => each.name());
    const options = command.options.flatMap(({ long }) => (typeof long === 'string' ? [long] : []));
    words.set(path, [...subcommands, ...options, '--help']);
    for (const each of command.commands) visit(each, `${path} ${each.name()}`.trim());
  };
  visit(program, '');
  return words;
}

function bash(words: Map<string, string[]>): string {
  const cases = [...words].map(([path, follow]) => `    '${path}') words='${follow.join(' ')}' ;;`);
  return `_easyfaas() {
  local path='' words='' index word
  for ((index = 1; index < COMP_CWORD; index++)); do
    word=\${COMP_WORDS[index]}
    [[ $word == -* ]] && continue
    case "\${path:+$path }$word" in ${[...words.keys()]
      .filter(Boolean)
      .map((path) => `'${path}'`)
      .join('|')}) path="\${path:+$path }$word" ;; esac
  done
  case "$path" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _easyfaas easyfaas
`;
}

function fish(words: Map<string, string[]>): string {
  const lines = [...words].flatMap(([path, follow]) => {
    const condition = path === '' ? '__fish_use_subcommand' : `__fish_seen_subcommand_from ${path.split(' ').at(-1) ?? ''}`;
    return follow.map((word) =>
      word.startsWith('--')
        ? `complete -c easyfaas -n '${condition}' -l ${word.slice(2)}`
        : `complete -c easyfaas -n '${condition}' -a ${word}`,
    );
  });
  return `${lines.join('\n')}\n`;
}

import { BlockList } from 'node:net';
import { egressRules } from './egress-rules';
import type { EgressSettings } from './egress-settings';

const rules = (settings: Partial<EgressSettings> = {}): string =>
  egressRules({
    table: 'easyfaas_0a1b2c3d',
    bridge: 'ef0a1b2c3d',
    subnet: '172.18.0.0/16',
    settings: { allow: [], deny: [], resolvers: ['9.9.9.9'], ...settings },
  });

const chain = (text: string, name: string): string[] =>
  (new RegExp(`chain ${name} \\{([^}]*(?:\\{[^}]*\\}[^}]*)*)\\n {2}\\}`).exec(text)?.[1] ?? '')
    .split('\n')
    .flatMap((line) => line.trim() || []);

describe('the rules of the packet filter', () => {
  it('close every private, local and special address, and multicast', () => {
    const closed = new BlockList();
    for (const range of /elements = \{ (.*) \}/.exec(rules())?.[1]?.split(', ') ?? []) {
      const [address = '', prefix] = range.split('/');
      closed.addSubnet(address, Number(prefix));
    }
    for (const address of [
      '10.0.0.1',
      '172.16.0.1',
      '172.31.255.255',
      '192.168.1.1',
      '100.64.0.1',
      '169.254.169.254',
      '127.0.0.1',
      '0.0.0.0',
      '224.0.0.251',
      '255.255.255.255',
    ]) {
      expect([address, closed.check(address)]).toEqual([address, true]);
    }
    for (const address of ['1.1.1.1', '172.15.0.1', '172.32.0.1', '100.128.0.1', '11.0.0.1', '223.255.255.1']) {
      expect([address, closed.check(address)]).toEqual([address, false]);
    }
  });

  it('end in a refusal: for the host always, for others unless they are public', () => {
    expect(chain(rules(), 'input').at(-1)).toBe('reject with icmpx type admin-prohibited');
    expect(chain(rules(), 'forward').at(-1)).toBe('ip daddr @closed reject with icmpx type admin-prohibited');
  });

  it('open what is allowed before they close, but the host only by its single address', () => {
    const text = rules({
      allow: [
        { address: '10.1.0.0', prefix: 16 },
        { address: '10.1.2.3', prefix: 32, port: 5432 },
      ],
    });
    const single = 'ip daddr 10.1.2.3/32 meta l4proto { tcp, udp } th dport 5432 accept';
    expect(chain(text, 'forward').slice(-3, -1)).toEqual(['ip daddr 10.1.0.0/16 accept', single]);
    expect(chain(text, 'input').slice(-2, -1)).toEqual([single]);
    expect(chain(text, 'input').join()).not.toContain('10.1.0.0/16');
  });

  it('close what is denied besides', () => {
    expect(rules({ deny: [{ address: '8.8.8.0', prefix: 24 }] })).toContain(', 8.8.8.0/24 }');
  });
});

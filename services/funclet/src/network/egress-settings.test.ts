import { egressSettings } from './egress-settings';

const read = (texts: { allow?: string[]; deny?: string[]; resolvers?: string[] }) => {
  const problems: string[] = [];
  const { allow = [], deny = [], resolvers = [] } = texts;
  const settings = egressSettings({ isOn: true, allow, deny, resolvers }, (text) => problems.push(text));
  return { settings, problems };
};

describe('what an operator says about egress', () => {
  it('names addresses and ranges, with or without a port', () => {
    const { settings, problems } = read({
      allow: ['10.1.2.3', '10.1.2.3:5432', '10.1.0.0/16', '192.168.0.0/24:443'],
      deny: ['198.0.0.0/8'],
    });
    expect(problems).toEqual([]);
    expect(settings.allow).toEqual([
      { address: '10.1.2.3', prefix: 32 },
      { address: '10.1.2.3', prefix: 32, port: 5432 },
      { address: '10.1.0.0', prefix: 16 },
      { address: '192.168.0.0', prefix: 24, port: 443 },
    ]);
    expect(settings.deny).toEqual([{ address: '198.0.0.0', prefix: 8 }]);
  });

  it.each([
    'db.internal',
    '10.1.2',
    '10.1.2.256',
    '10.0.0.1:0',
    '10.0.0.1:65536',
    '10.0.0.0/33',
    'fd00::1',
    '::/0',
    '10.0.0.1; accept',
    '',
  ])('refuses %j', (item) => {
    expect(read({ allow: [item] }).problems).toEqual([expect.stringMatching(/^EASYFAAS_EGRESS_ALLOW has .*expected an IPv4/)]);
  });

  it('refuses ranges that open more than they say', () => {
    expect(read({ allow: ['0.0.0.0/0'] }).problems).toEqual([expect.stringContaining('at most /8')]);
    expect(read({ allow: ['10.1.2.3/16'] }).problems).toEqual([expect.stringContaining('beyond its prefix /16')]);
    expect(read({ allow: Array<string>(257).fill('10.1.2.3') }).problems).toEqual([expect.stringContaining('at most 256')]);
  });

  it('refuses a port to deny, and name servers that Docker would ask from the host', () => {
    expect(read({ deny: ['10.0.0.0/8:80'] }).problems).toEqual([expect.stringContaining('EASYFAAS_EGRESS_DENY')]);
    for (const resolver of ['127.0.0.53', '127.0.0.1', '::1', 'dns.example']) {
      expect(read({ resolvers: [resolver] }).problems).toEqual([expect.stringContaining('EASYFAAS_EGRESS_DNS')]);
    }
    expect(read({ resolvers: ['9.9.9.9', '10.0.0.53'] }).problems).toEqual([]);
  });
});

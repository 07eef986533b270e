import { mount, node } from './machine-checks';

const row = (path: string, optional: string): string => `36 35 98:0 / ${path} rw,noatime ${optional}- ext4 /dev/root rw`;

describe('the doctor looks at the machine', () => {
  it('finds the nearest mount shared, as the last of several at one place', () => {
    const mountinfo = [row('/', ''), row('/var/lib/easyfaas', ''), row('/var/lib/easyfaas', 'shared:7 ')].join('\n');
    expect(mount('/var/lib/easyfaas', mountinfo)).toMatchObject({ state: 'good' });
  });

  it('says how to mend a private mount', () => {
    const finding = mount('/var/lib/easyfaas', row('/', 'master:1 '));
    expect(finding.state).toBe('bad');
    expect(finding.remedy).toContain('mount --make-rshared /var/lib/easyfaas');
  });

  it('does not take a neighbour for a parent', () => {
    expect(mount('/data2', [row('/', ''), row('/data', 'shared:1 ')].join('\n'))).toMatchObject({ state: 'bad' });
  });

  it('wants Node.js 20', () => {
    expect(node('18.19.0').state).toBe('bad');
    expect(node('22.1.0').state).toBe('good');
  });
});

import { chooseMountMode } from './choose-mount-mode';
import { mountOf, mountedCodeNames, mountsAt, parseMountTable } from './mount-table';

const text = [
  '27 1 254:0 / / rw,relatime - ext4 /dev/vda rw',
  '42 27 254:0 /var/lib/docker /var/lib/docker rw,relatime shared:1 - ext4 /dev/vda rw',
  '60 27 254:0 /data /srv/my\\040data rw,relatime shared:7 master:2 - ext4 /dev/vda rw',
  '61 60 254:0 /data/code /srv/my\\040data/code-ro rw,relatime shared:7 - ext4 /dev/vda rw',
  '62 61 254:0 /data/code /srv/my\\040data/code-ro ro,nosuid,nodev shared:7 - ext4 /dev/vda rw',
  '63 60 254:0 /data/code/.discarded-1-2-abc /srv/my\\040data/containers/0123456789ab/task ro shared:7 - ext4 /dev/vda rw',
  'a line that makes no sense',
  '',
].join('\n');
const table = parseMountTable(text);

describe('the mount table', () => {
  it('reads mount points with blanks, options and sharing', () => {
    expect(table).toHaveLength(6);
    expect(table[2]).toMatchObject({ mountPoint: '/srv/my data', root: '/data', isShared: true, device: '254:0' });
    expect(table[0]?.isShared).toBe(false);
  });

  it('finds the mount that a path lies on, not one whose name merely begins alike', () => {
    expect(mountOf(table, '/srv/my data/packages')?.mountId).toBe(60);
    expect(mountOf(table, '/srv/my data')?.mountId).toBe(60);
    expect(mountOf(table, '/srv/my dataset')?.mountId).toBe(27);
    expect(mountOf(table, '/var/lib/dockers')?.mountId).toBe(27);
  });

  it('gives mounts at one point from the lowest to the uppermost', () => {
    expect(mountsAt(table, '/srv/my data/code-ro').map(({ options }) => options[0])).toEqual(['rw', 'ro']);
  });

  it('names the code that containers have mounted, under its present name', () => {
    expect(mountedCodeNames(table, '/srv/my data/containers')).toEqual(new Set(['.discarded-1-2-abc']));
  });
});

describe('the way code gets into containers', () => {
  it('is mounting where the data directory is shared', () => {
    expect(chooseMountMode('auto', table, '/srv/my data')).toEqual({ mode: 'bind' });
    expect(chooseMountMode('bind', table, '/srv/my data')).toEqual({ mode: 'bind' });
  });

  it('is linking with a warning and the remedy where it is not, and a refusal where mounting was demanded', () => {
    const choice = chooseMountMode('auto', table, '/opt/d');
    expect(choice.mode).toBe('hardlink');
    expect(JSON.stringify(choice)).toContain('mount --bind /opt/d /opt/d && mount --make-rshared /opt/d');
    expect(chooseMountMode('bind', table, '/opt/d').mode).toBe('refused');
  });

  it('is linking without a warning where it was asked for', () => {
    expect(chooseMountMode('hardlink', table, '/srv/my data')).toEqual({ mode: 'hardlink' });
  });
});

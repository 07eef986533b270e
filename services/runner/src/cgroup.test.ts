import { CgroupReader } from './cgroup';

const reader = (files: Record<string, string>): CgroupReader => new CgroupReader((file) => files[file]);

describe('CgroupReader', () => {
  it('reads version 2', () => {
    const v2 = reader({
      'memory.events': 'low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 0\n',
      'memory.current': '1000\n',
      'memory.peak': '2000\n',
    });
    expect(v2.oomKills()).toBe(2);
    expect(v2.memory()).toEqual({ memoryBytes: 1000, memoryPeakBytes: 2000 });
  });

  it('reads version 1', () => {
    const v1 = reader({
      'memory/memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 1\n',
      'memory/memory.usage_in_bytes': '1000\n',
      'memory/memory.max_usage_in_bytes': '2000\n',
    });
    expect(v1.oomKills()).toBe(1);
    expect(v1.memory()).toEqual({ memoryBytes: 1000, memoryPeakBytes: 2000 });
  });

  it('says nothing where nothing can be read', () => {
    expect(reader({}).oomKills()).toBe(0);
    expect(reader({}).memory()).toEqual({});
    expect(reader({ 'memory.current': 'max\n', 'memory.peak': '' }).memory()).toEqual({});
  });
});

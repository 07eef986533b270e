import { ARCHITECTURE, checkCode, checkSettings } from './lambda-members';

const ROLE = 'arn:aws:iam::000000000000:role/any';

describe('members of requests that are not in force here', () => {
  it.each([
    { VpcConfig: { SubnetIds: ['subnet-1'], SecurityGroupIds: ['sg-1'] } },
    { FileSystemConfigs: [{ Arn: 'a', LocalMountPath: '/mnt/a' }] },
    { KMSKeyArn: 'arn:aws:kms:x' },
    { DeadLetterConfig: { TargetArn: 'arn:aws:sqs:x' } },
    { TracingConfig: { Mode: 'Active' } },
    { SnapStart: { ApplyOn: 'PublishedVersions' } },
    { ImageConfig: { Command: ['x'] } },
    { LoggingConfig: { LogFormat: 'JSON' } },
    { CodeSigningConfigArn: 'arn:x' },
    { PackageType: 'Image' },
    { Architectures: ['riscv'] },
  ])('%j is refused in words', (body) => {
    const [name = ''] = Object.keys(body);
    expect(() => checkSettings(body, [])).toThrow(new RegExp(`^${name} is not supported: .{10,}`));
  });

  it.each([
    { VpcConfig: { SubnetIds: [], SecurityGroupIds: [] } },
    { FileSystemConfigs: [] },
    { KMSKeyArn: '' },
    { DeadLetterConfig: {} },
    { TracingConfig: { Mode: 'PassThrough' } },
    { SnapStart: { ApplyOn: 'None' } },
    { LoggingConfig: { LogFormat: 'Text' } },
    { PackageType: 'Zip', Architectures: [ARCHITECTURE], Role: ROLE },
  ])('%j says what holds anyway', (body) => {
    expect(() => checkSettings(body, [])).not.toThrow();
  });

  it('that are unknown are named', () => {
    expect(() => checkSettings({ Nonsense: 1 }, [])).toThrow('Nonsense is not known here');
  });

  it('looks at a role, of which there are none', () => {
    expect(() => checkSettings({ Role: 'r1' }, [])).toThrow(/^1 validation error detected: Value 'r1' at 'role' failed/);
  });

  it.each([{ S3Bucket: 'b', S3Key: 'k' }, { ImageUri: 'i' }, { ZipFile: 'UEs=', DryRun: true }, {}])('code as %j is refused', (code) => {
    expect(() => checkCode(code, [])).toThrow(/not supported: |Please provide a source/);
  });
});

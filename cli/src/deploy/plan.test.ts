import { planDeploy } from './plan';

const deployed = {
  configuration: { Runtime: 'nodejs20', MemorySize: 128, Environment: { Variables: { A: '********' } }, Tags: { b: '2', a: '1' } },
  codeSha256: 'a'.repeat(64),
  reservedConcurrency: undefined,
};

describe('the plan of a deployment', () => {
  it('creates what is not there', () => {
    const plan = planDeploy({ Runtime: 'nodejs20', MemorySize: 128 }, 'b'.repeat(64), undefined);
    expect(plan).toMatchObject({ action: 'create', withCode: true, configuration: { MemorySize: 128 } });
  });

  it('does nothing when nothing differs', () => {
    const plan = planDeploy({ MemorySize: 128, Tags: { a: '1', b: '2' } }, deployed.codeSha256, deployed);
    expect(plan).toEqual({ action: 'nothing', withCode: false, configuration: {}, changes: [] });
  });

  it('sends only what differs, and says from what to what', () => {
    const plan = planDeploy({ MemorySize: 256, Runtime: 'nodejs20' }, deployed.codeSha256, deployed);
    expect(plan).toEqual({
      action: 'update',
      withCode: false,
      configuration: { MemorySize: 256 },
      changes: [{ what: 'MemorySize', from: '128', to: '256' }],
    });
  });

  it('knows a layer by its name and version', () => {
    const configuration = { ...deployed.configuration, Layers: [{ Arn: 'brn:cloud:faas:local:default:layer:tools:3', CodeSize: 1 }] };
    const layered = { ...deployed, configuration };
    expect(planDeploy({ Layers: ['tools:3'] }, deployed.codeSha256, layered).action).toBe('nothing');
    expect(planDeploy({ Layers: ['tools:4'] }, deployed.codeSha256, layered).changes).toEqual([
      { what: 'Layers', from: '["tools:3"]', to: '["tools:4"]' },
    ]);
    expect(planDeploy({ Layers: [] }, deployed.codeSha256, deployed).action).toBe('nothing');
  });

  it('uploads code that differs, and code whose result is not known before', () => {
    expect(planDeploy({}, 'c'.repeat(64), deployed)).toMatchObject({ action: 'update', withCode: true });
    expect(planDeploy({}, undefined, deployed).changes).toEqual([{ what: 'code', from: 'a'.repeat(12), to: 'compiled anew' }]);
  });

  it('always sends variables, whose values cannot be compared, and never shows them', () => {
    const plan = planDeploy({ Environment: { Variables: { A: 'secret' } } }, deployed.codeSha256, deployed);
    expect(plan).toMatchObject({ action: 'update', configuration: { Environment: { Variables: { A: 'secret' } } }, changes: [] });
    const added = planDeploy({ Environment: { Variables: { A: 'secret', B: 'other' } } }, deployed.codeSha256, deployed);
    expect(added.changes).toEqual([{ what: 'Environment', from: 'A', to: 'A, B' }]);
  });
});

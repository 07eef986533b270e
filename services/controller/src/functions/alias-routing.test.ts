import type { AliasConfiguration } from '@easyfaas/contracts/wire';
import { aliasTarget, chooseVersion } from './alias-routing';

const alias = (weights?: Record<string, number>): AliasConfiguration => ({
  AliasArn: 'brn:cloud:faas:local:default:function:f:prod',
  Name: 'prod',
  FunctionVersion: '1',
  Description: '',
  RevisionId: 'r',
  ...(weights === undefined ? {} : { RoutingConfig: { AdditionalVersionWeights: weights } }),
});

const chances = Array.from({ length: 1000 }, (_, index) => index / 1000);
const share = (weights: Record<string, number> | undefined, version: string): number =>
  chances.filter((chance) => chooseVersion(aliasTarget(alias(weights)), chance) === version).length / chances.length;

describe('the version that a call of an alias gets', () => {
  it('is the alias’s own without a second one', () => {
    expect(share(undefined, '1')).toBe(1);
    expect(share({}, '1')).toBe(1);
  });

  it.each([
    [0, 0],
    [0.1, 0.1],
    [0.5, 0.5],
    [1, 1],
  ])('is with weight %p the second one in that share of the calls', (weight, expected) => {
    expect(share({ '2': weight }, '2')).toBe(expected);
    expect(share({ '2': weight }, '1')).toBeCloseTo(1 - expected);
  });
});

import { checkWeights } from './lambda-alias-rules';

const body = (weights: unknown, FunctionVersion = '1'): Record<string, unknown> => ({
  FunctionVersion,
  RoutingConfig: { AdditionalVersionWeights: weights },
});

describe('the weights of an alias, in the words of AWS', () => {
  it.each([{}, { RoutingConfig: {} }, body({}), body({ '2': 0.2 }), body({ '2': 1 }), body({ '2': 0 })])('%j is fine', (value) => {
    expect(() => checkWeights(value)).not.toThrow();
  });

  it.each([
    [body({ '2': 2 }), /Value '\{2=2\.0\}' .* Map value must satisfy/],
    [body({ '2': -0.5 }), /Value '\{2=-0\.5\}' .* Map value must satisfy/],
    [body({ live: 0.5 }), /Map keys must satisfy/],
    [body({ '2': 0.1, '3': 0.1 }), /cannot be greater than 1/],
    [body({ '1': 0.5 }), /Function version 1 is already included/],
    [body({ '1': 0.5 }, '$LATEST'), /\$LATEST is not supported/],
  ])('%j is refused', (value, words) => {
    expect(() => checkWeights(value)).toThrow(words);
  });
});

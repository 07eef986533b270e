import { lambdaDestinations, ownDestinations } from './lambda-destination';

const owner = { accountId: 'default', region: 'local' };
const both = (text: string): [unknown, unknown] => {
  const own = ownDestinations({ OnSuccess: {}, OnFailure: { Destination: text } }, owner);
  return [own.OnFailure?.Destination, (lambdaDestinations(own, owner)['OnFailure'] as { Destination: unknown }).Destination];
};

describe('destinations of the Lambda dialect', () => {
  it.each([
    ['arn:aws:lambda:local:000000000000:function:f', 'brn:cloud:faas:local:default:function:f'],
    ['arn:aws:lambda:local:000000000000:function:f:live', 'brn:cloud:faas:local:default:function:f:live'],
    ['arn:aws:sqs:local:000000000000:failed', 'queue:failed'],
    ['https://example.com/hook', 'https://example.com/hook'],
    ['redis-stream:failed', 'redis-stream:failed'],
  ])('%s is %s and comes back as it was', (text, own) => {
    expect(both(text)).toEqual([own, text]);
  });

  it('show what was set in our own dialect as ARNs', () => {
    expect(lambdaDestinations({ OnSuccess: { Destination: 'next' } }, owner)).toEqual({
      OnSuccess: { Destination: 'arn:aws:lambda:local:000000000000:function:next' },
      OnFailure: {},
    });
  });

  it.each([
    ['arn:aws:sns:local:000000000000:topic', 'is not supported'],
    ['arn:aws:sqs:eu-west-1:000000000000:failed', 'not of this account and region'],
    ['arn:aws:sqs:local:111111111111:failed', 'not of this account and region'],
    ['arn:aws:lambda:eu-west-1:000000000000:function:f', 'not reachable in this region'],
  ])('%s is refused', (text, words) => {
    expect(() => both(text)).toThrow(words);
  });

  it.each([['text'], [{ Sometimes: {} }], [{ OnSuccess: { Destination: 5 } }]])('are refused as %j', (given) => {
    expect(() => ownDestinations(given, owner)).toThrow('DestinationConfig');
  });
});

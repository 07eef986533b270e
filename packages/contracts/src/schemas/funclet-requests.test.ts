import {
  isPoolResizeRequest,
  isResizeRequest,
  isTransitionRequest,
  isWarmUpRequest,
  poolResizeRequestSchema,
  resizeRequestSchema,
  transitionRequestSchema,
  warmUpRequestSchema,
} from '.';

const WARM_UP = {
  operationId: 'o',
  assignment: { accountId: 'a', functionName: 'f', version: '$LATEST', commitId: 'c' },
  memoryMb: 128,
  codeSha256: 'a'.repeat(64),
  reason: 'first call',
};
const CHECKS = [
  { title: 'a warm-up', isRight: isWarmUpRequest, schema: warmUpRequestSchema, good: WARM_UP },
  { title: 'a transition', isRight: isTransitionRequest, schema: transitionRequestSchema, good: { operationId: 'o', reason: 'r' } },
  { title: 'a resize', isRight: isResizeRequest, schema: resizeRequestSchema, good: { operationId: 'o', memoryMb: 64, commitId: 'c' } },
  { title: 'a resize by the API', isRight: isPoolResizeRequest, schema: poolResizeRequestSchema, good: { memoryMb: 64 } },
];
/** For each member of each request, and for members of members. */
const ODD: unknown[] = [undefined, null, '', 'x'.repeat(600), 5, 0, -1, 1.5, 1e9, true, [], {}, { accountId: 'a' }, 'A'.repeat(64)];

describe.each(CHECKS)('the quick check of $title', ({ isRight, schema, good }) => {
  const accepts = (value: unknown): boolean => schema.validate(value, { convert: false }).error === undefined;

  it('takes what is right', () => {
    expect(isRight(good)).toBe(true);
    expect(accepts(good)).toBe(true);
  });

  it('takes nothing that the schema refuses', () => {
    const wrong: unknown[] = [null, 5, 'text', [], {}, { ...good, other: 1 }];
    for (const name of Object.keys(good)) {
      for (const odd of ODD) wrong.push({ ...good, [name]: odd });
      const { [name as keyof typeof good]: gone, ...rest } = good as Record<string, unknown>;
      wrong.push(rest);
      for (const inner of Object.keys(gone ?? {}).filter(() => typeof gone === 'object')) {
        for (const odd of ODD) wrong.push({ ...good, [name]: { ...(gone as object), [inner]: odd } });
        wrong.push({ ...good, [name]: { ...(gone as object), other: 1 } });
      }
    }
    for (const value of wrong) if (isRight(value)) expect({ value, accepted: accepts(value) }).toEqual({ value, accepted: true });
    expect(wrong.length).toBeGreaterThan(20);
  });
});

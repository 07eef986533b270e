import { egressRefusal } from './egress-refusal';
import { shelvesOf } from './shelves';

const shelves = (networks: readonly ('none' | 'egress')[]) =>
  shelvesOf({ runtimes: ['nodejs20'], classesMb: [128], minimums: {}, caps: {}, networks });

describe('a function with egress', () => {
  it('is refused with the way out where the operator forbids it, and nobody else is', () => {
    expect(egressRefusal('egress', shelves(['none']))).toMatchObject({
      code: 'EGRESS_FORBIDDEN',
      message: expect.stringContaining('EASYFAAS_EGRESS') as string,
    });
    expect(egressRefusal('egress', shelves(['none', 'egress']))).toBeUndefined();
    expect(egressRefusal('none', shelves(['none']))).toBeUndefined();
  });
});

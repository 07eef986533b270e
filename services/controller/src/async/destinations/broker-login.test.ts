import { SecretBox } from '../../secrets/secret-box';
import type { StoredDestination } from '../event-invoke-config';
import { keptDestination, loginOf, shownDestinations } from './broker-login';

const BOX = new SecretBox(Buffer.alloc(32, 1));
const OWNER = { accountId: 'acme', functionName: 'hello', status: 'failed' };
const BROKER = { Destination: 'mqtts://broker.example.com/done', Username: 'easyfaas' };
const KEPT = keptDestination(BOX, OWNER, { ...BROKER, Password: 'swordfish' }, []);
const login = (kept: StoredDestination, owner = OWNER, destination = BROKER.Destination): unknown =>
  loginOf(BOX, owner, { DestinationConfig: { OnFailure: kept } }, destination);

describe("a broker's password", () => {
  it('is sealed where it is kept, shown to nobody, and there for whoever publishes', () => {
    expect(JSON.stringify(KEPT)).not.toContain('swordfish');
    expect(shownDestinations({ OnFailure: KEPT })).toEqual({ OnFailure: BROKER });
    expect(login(KEPT)).toEqual({ username: 'easyfaas', password: 'swordfish' });
  });

  it('stays when the same destination is set again without it, and only then', () => {
    const again = (change: object): unknown => login(keptDestination(BOX, OWNER, { ...BROKER, ...change }, [KEPT]));
    expect(again({ Format: 'cloudevents' })).toEqual({ username: 'easyfaas', password: 'swordfish' });
    expect(again({ Username: 'other' })).toEqual({ username: 'other' });
    expect(again({ Username: undefined })).toBeUndefined();
    const elsewhere = keptDestination(BOX, OWNER, { ...BROKER, Destination: 'mqtts://broker.example.net/done' }, [KEPT]);
    expect(elsewhere).toEqual({ Username: 'easyfaas', Destination: 'mqtts://broker.example.net/done' });
  });

  it('is that of the side of the event when both sides publish to the same topic', () => {
    const other = keptDestination(BOX, OWNER, { ...BROKER, Username: 'other', Password: 'trout' }, []);
    const config = { DestinationConfig: { OnSuccess: other, OnFailure: KEPT } };
    expect(loginOf(BOX, OWNER, config, BROKER.Destination)).toEqual({ username: 'easyfaas', password: 'swordfish' });
    expect(loginOf(BOX, { ...OWNER, status: 'succeeded' }, config, BROKER.Destination)).toEqual({ username: 'other', password: 'trout' });
  });

  it('opens for no other function and no other broker', () => {
    expect(() => login(KEPT, { ...OWNER, functionName: 'other' })).toThrow();
    expect(() => login({ ...KEPT, Destination: 'mqtts://evil.example.net/done' }, OWNER, 'mqtts://evil.example.net/done')).toThrow();
    expect(login(KEPT, OWNER, 'mqtts://broker.example.com/else')).toBeUndefined();
  });
});

import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { MqttClient } from 'mqtt';
import { ServiceError } from '@easyfaas/service-kit';
import type { UrlRules } from '../../../async/destinations/url-rules';
import { type BrokerAddress, checkedLookup } from './broker-address';

/** Who publishes, where the broker wants to know. */
export interface BrokerLogin {
  username: string;
  password?: string;
}

/** From the connection to the broker's acknowledgement, ms. */
const DEADLINE_MS = 10_000;

/**
 * Publishes one message with QoS 1 on a connection of its own: it must not outlive the check of its address.
 * @throws ServiceError URL_NOT_ALLOWED, DEADLINE_EXCEEDED; Error when the broker refused it or could not be reached
 */
export async function publishMqtt(
  { host, port, isEncrypted, topic }: BrokerAddress & { topic: string },
  payload: Buffer,
  rules: UrlRules,
  login?: BrokerLogin,
): Promise<void> {
  const open = { host, port, lookup: checkedLookup(rules) };
  const client = new MqttClient(() => (isEncrypted ? connectTls({ ...open, servername: host }) : connectTcp(open)), {
    clean: true,
    reconnectPeriod: 0,
    connectTimeout: DEADLINE_MS,
    ...login,
  });
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      const late = new ServiceError('DEADLINE_EXCEEDED', `The broker did not acknowledge within ${DEADLINE_MS / 1000} s.`);
      timer = setTimeout(() => reject(late), DEADLINE_MS);
      client.on('error', reject);
      client.on('close', () => reject(new Error('the broker closed the connection')));
      client.publish(topic, payload, { qos: 1 }, (error) => {
        // A broker that refuses a login closes the connection; the reason is told right after that.
        if (error instanceof Error) setImmediate(reject, error);
        else resolve();
      });
    });
  } finally {
    clearTimeout(timer);
    client.end(true);
  }
}

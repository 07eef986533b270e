import { createHash } from 'node:crypto';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type IPublishPacket, MqttClient } from 'mqtt';
import { mqttConfigurationSchema } from '@easyfaas/contracts/schemas';
import type { MqttConfiguration, SourceMessageFormat } from '@easyfaas/contracts/wire';
import { type Clock, ServiceError } from '@easyfaas/service-kit';
import type { UrlRules } from '../../../async/destinations/url-rules';
import { invalidField } from '../../../invalid-field';
import { DEFAULT_FORMAT, readMessage } from '../../messages/message-format';
import type { SourceTrigger, TriggerDraft, TriggerPort, TriggerSource } from '../../source';
import { checkedConfiguration } from '../checked-configuration';
import { brokerAddress, checkedLookup } from './broker-address';

type Configuration = MqttConfiguration & { Format: SourceMessageFormat };

const RECONNECT_MS = 2000;
const CONNECT_TIMEOUT_MS = 10_000;
/** How long to wait before a message that could not be kept is tried again: the broker sends no other before it is acknowledged. */
const RETRY_MS = 1000;

interface Running {
  client: MqttClient;
  isStopped: boolean;
}

/**
 * Messages of an MQTT broker at QoS 1: acknowledged when they are durable here. One pod at a time holds the trigger's session, which
 * the broker keeps while no pod is there.
 */
export class MqttSource implements TriggerSource<Configuration> {
  readonly kind = 'mqtt';
  readonly placement = 'one-pod';
  readonly secretNames = ['Password'];
  readonly #rules: UrlRules;
  readonly #clock: Clock;
  readonly #running = new Map<string, Running>();

  constructor({ rules, clock }: { rules: UrlRules; clock: Clock }) {
    this.#rules = rules;
    this.#clock = clock;
  }

  validate({ configuration }: TriggerDraft): Configuration {
    const checked = checkedConfiguration(mqttConfigurationSchema, configuration);
    brokerAddress(checked.Url, this.#rules);
    const wrong = checked.Topics.find((topic) => !isTopicFilter(topic));
    if (wrong !== undefined) {
      throw invalidField('Configuration.Topics', `"${wrong.slice(0, 80)}" is no topic filter: + is a whole level, # the last one.`);
    }
    return { ...checked, Format: checked.Format ?? DEFAULT_FORMAT };
  }

  describe({ triggerId }: Omit<SourceTrigger<Configuration>, 'secrets'>): Record<string, unknown> {
    return { ClientId: clientIdOf(triggerId) };
  }

  start(trigger: SourceTrigger<Configuration>, port: TriggerPort): void {
    const { triggerId, configuration, secrets } = trigger;
    const { host, port: tcpPort, isEncrypted } = brokerAddress(configuration.Url, this.#rules);
    const lookup = checkedLookup(this.#rules);
    const open = { host, port: tcpPort, lookup };
    const client = new MqttClient(() => (isEncrypted ? connectTls({ ...open, servername: host }) : connectTcp(open)), {
      clientId: clientIdOf(triggerId),
      // The broker keeps what comes while nobody is there.
      clean: false,
      reconnectPeriod: RECONNECT_MS,
      connectTimeout: CONNECT_TIMEOUT_MS,
      // A broker that refuses may be starting, or be told a password later.
      reconnectOnConnackError: true,
      ...(configuration.Username === undefined ? {} : { username: configuration.Username }),
      ...(secrets['Password'] === undefined ? {} : { password: secrets['Password'] }),
    });
    const running: Running = { client, isStopped: false };
    this.#running.set(triggerId, running);
    // A broker that refuses says why and closes the connection: the reason is what its owner has to see.
    let refusal: Error | undefined;
    client.on('error', (error) => {
      refusal = error;
      port.fail(unreachable(host, error));
    });
    client.on('close', () => {
      if (!running.isStopped) port.fail(unreachable(host, refusal));
      refusal = undefined;
    });
    client.on('connect', () => {
      client.subscribe(configuration.Topics, { qos: 1 }, (error) => (error === null ? port.work() : port.fail(unreachable(host, error))));
    });
    // The acknowledgement goes out when this has called back.
    client.handleMessage = (packet, callback) => {
      void this.#take(running, configuration.Format, packet, port).then((isKept) => {
        if (isKept) callback();
      });
    };
  }

  async stop(triggerId: string): Promise<void> {
    const running = this.#running.get(triggerId);
    if (running === undefined) return;
    this.#running.delete(triggerId);
    running.isStopped = true;
    await running.client.endAsync(true);
  }

  /** Until it is kept, or the trigger stopped: then it is not acknowledged, and the broker sends it again. */
  async #take(running: Running, format: SourceMessageFormat, packet: IPublishPacket, port: TriggerPort): Promise<boolean> {
    const { topic, qos, retain } = packet;
    const payload = Buffer.from(packet.payload);
    const read = readMessage(format, payload);
    while (!running.isStopped) {
      try {
        if (read.kind === 'unreadable') {
          await port.bury({ messageId: topic, payload, contentType: 'application/octet-stream', reason: read.reason });
        } else {
          const event = { topic, qos, retain: retain === true, payload: read.value, isBase64Encoded: read.isBinary };
          await port.accept({ payload: Buffer.from(JSON.stringify(event)), contentType: 'application/json', body: event });
        }
        return true;
      } catch (error) {
        port.fail(error);
        await new Promise<void>((resolve) => this.#clock.after(RETRY_MS, resolve));
      }
    }
    return false;
  }
}

/** Of the session at the broker: the same on every pod, so that another one takes it over. */
function clientIdOf(triggerId: string): string {
  return `easyfaas-${createHash('sha256').update(triggerId).digest('hex').slice(0, 12)}`;
}

/** MQTT 3.1.1, 4.7. */
function isTopicFilter(text: string): boolean {
  const levels = text.split('/');
  return levels.every((level, at) => level === '+' || (level === '#' && at === levels.length - 1) || !/[+#\0]/.test(level));
}

function unreachable(host: string, cause: Error | undefined): ServiceError {
  if (cause instanceof ServiceError) return cause;
  const why = cause === undefined ? 'the connection was closed' : cause.message.slice(0, 200);
  return new ServiceError('SOURCE_UNAVAILABLE', `The broker ${host} cannot be used: ${why}.`, { cause });
}

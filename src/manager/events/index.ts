export { Broker, type BrokerOptions, DEFAULT_BUFFER, MUST_DELIVER_MS, type Subscription } from './broker.ts';

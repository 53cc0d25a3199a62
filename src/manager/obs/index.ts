export { type LogFields, type Logger, silentLogger } from './log.ts';
export {
  type CounterName,
  type GaugeName,
  type LabelOf,
  type Metrics,
  type PrometheusMetrics,
  prometheusMetrics,
  silentMetrics,
} from './metrics.ts';
export { type ProvisionEvent, type ProvisionLog, provisionLog, silentProvisionLog } from './provlog.ts';
export { Supervisor, type SupervisorOptions } from './supervise.ts';

import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { HealthController } from './health.controller.js';
import { HealthIndicators } from './health-indicators.js';
import { HeapWatch } from './heap-watch.js';
import { HealthMonitor } from './health.monitor.js';

/** /health for people, /health/live and /health/ready for Kubernetes. */
@Module({
  imports: [TerminusModule.forRoot({ logger: false })],
  controllers: [HealthController],
  providers: [HealthIndicators, HealthMonitor, HeapWatch],
  exports: [HealthIndicators, HealthMonitor, TerminusModule],
})
export class HealthModule {}

import { Controller, Get, Param, Post } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { Requires } from '../access/access.js';
import { ApiSection } from '../docs/section.js';
import { Answers, AnswersList } from '../http/answers.js';
import { IdParams } from '../validation/record-id.dto.js';
import { ExecutionDto } from './execution.dto.js';
import { SCHEDULE_NOT_FOUND, ScheduleDto, Schedules } from './schedules.js';

@ApiSection('schedules', 'Executions that start at set times.', 'work')
@Controller('api/v1/schedules')
export class SchedulesController {
  constructor(private readonly schedules: Schedules) {}

  @Get()
  @Requires('executions:read')
  @ApiOperation({ summary: 'List schedules', operationId: 'listSchedules' })
  @AnswersList(ScheduleDto)
  list(): Promise<ScheduleDto[]> {
    return this.schedules.list();
  }

  @Post(':id/run')
  @Requires('executions:write')
  @ApiOperation({ summary: 'Start a schedule now', operationId: 'runSchedule' })
  @Answers(ExecutionDto, { status: 202, errors: [SCHEDULE_NOT_FOUND] })
  run(@Param() { id }: IdParams): Promise<ExecutionDto> {
    return this.schedules.runNow(id);
  }
}

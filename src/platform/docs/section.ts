import { applyDecorators } from '@nestjs/common';
import { ApiExtension, ApiTags } from '@nestjs/swagger';

/** Puts the routes of a controller under a heading of the documentation, with one sentence about them. */
export function ApiSection(name: string, about: string): ClassDecorator {
  return applyDecorators(ApiTags(name), ApiExtension('x-about', about)) as ClassDecorator;
}

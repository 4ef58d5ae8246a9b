import { applyDecorators } from '@nestjs/common';
import { ArrayMaxSize, ArrayUnique, IsArray, IsIn } from 'class-validator';
import { PERMISSIONS } from './roles.js';

/** A list of permissions, each once. */
export function PermissionList(): PropertyDecorator {
  return applyDecorators(
    IsArray(),
    ArrayMaxSize(PERMISSIONS.length),
    ArrayUnique(),
    IsIn(PERMISSIONS, { each: true }),
  );
}

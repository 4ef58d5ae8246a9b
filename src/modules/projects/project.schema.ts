import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';
import mongoose from 'mongoose';
import { OwnedRecord, RECORD_OPTIONS } from '../../platform/database/record.js';
import { resource } from '../../platform/database/resource.js';
import type { Metadata } from '../../platform/validation/is-metadata.js';

/**
 * `maxlength` counts UTF-16 units, three for each character that the DTOs allow: it only stops values that did not
 * pass a DTO.
 */
@Schema({ ...RECORD_OPTIONS, collection: 'projects' })
export class Project extends OwnedRecord {
  @Prop({ type: String, required: true, maxlength: 300 })
  name!: string;

  @Prop({ type: String, maxlength: 1500 })
  description?: string | null;

  @Prop({ type: mongoose.Schema.Types.Mixed, default: () => ({}) })
  metadata!: Metadata;
}

export const ProjectSchema = SchemaFactory.createForClass(Project);

// `GET /projects`: an owner's projects, newest first, and from a cursor on.
ProjectSchema.index({ ownerId: 1, createdAt: -1, _id: -1 });
// `GET /projects?owner=all`: everybody's, newest first.
ProjectSchema.index({ createdAt: -1, _id: -1 });
// Creating and changing: a name is unique among the projects of its owner.
ProjectSchema.index({ ownerId: 1, name: 1 }, { unique: true });

export const projects = resource({
  name: 'project',
  record: Project,
  schema: ProjectSchema,
  unique: ['name'],
});

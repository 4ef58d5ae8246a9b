import { projects } from './features/projects.js';
import { describeFeature } from './support/describe-feature.js';

describeFeature(projects);

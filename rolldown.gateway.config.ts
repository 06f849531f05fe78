import { bundleOf } from "./rolldown.config.ts";

export default bundleOf("gateway");

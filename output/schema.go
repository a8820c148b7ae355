package output

import _ "embed"

//go:embed schema.json
var schema string

// JSONSchema is the published schema (JSON Schema, draft 2020-12) of one
// record; the document of the format json holds an array of them.
func JSONSchema() string { return schema }

package facts

// Kinds that scanners of several steps share.
const (
	// KindImport is a module of others that a source imports. Name is the module as the language spells it: the npm package
	// ("@scope/name"), the dotted Python, JVM or C# name, the Go path, the gem, the PHP namespace, the crate path. Value is the whole
	// specifier or the names imported.
	KindImport Kind = "import"
	// KindLocalImport is an import of a file of the same repository. Name is the specifier as written.
	KindLocalImport Kind = "local-import"
	// KindFunction is a function or method that is defined, from Line to End. Name is its name, "" for a function without one; Scope is the type that it
	// belongs to, "" for none; Value is "empty" where its body holds nothing.
	KindFunction Kind = "function"
	// KindType is a class, struct, record, trait or enum, from Line to End. Name is its name ("" for an anonymous class), Value the keyword ("record" for data and
	// case classes, "impl" for an implementation of Rust, "prototype" for a class of older JavaScript), Scope its parents, separated by ",".
	KindType Kind = "type"
	// KindRoute is an HTTP endpoint that is declared. Name is the method in upper case ("ANY" where any is served, "RESOURCE" for a resource
	// router that serves all of CRUD), Value the path pattern, Scope what it belongs to: the router variable, controller or view class.
	KindRoute Kind = "route"
	// KindReadme is what a README says. Name "words": Value is the number of words of own prose. "purpose": Value is the first sentence that
	// describes, Scope "title" where it is a heading, "feature" where it is an item of a list of features. "section": Value is a heading.
	// "topic": Value is install, usage, endpoints or configuration. "link": Value is an address, Scope its text or what stands before it.
	// "template": Value is the generator whose own text was found; that text is in none of the others.
	KindReadme Kind = "readme"
)

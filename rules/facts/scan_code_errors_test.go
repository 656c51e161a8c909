package facts

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestHandling(t *testing.T) {
	t.Parallel()
	tests := []struct {
		path, source string
		want         []string
	}{
		{"a.js", "try { a() } catch (e) { log(e) }\ntry { a() } catch { /* nothing */ }\ntry { a() } catch (e) { throw e; }\n", []string{"handling|try/catch|handled||1-1", "handling|try/catch|empty||2-2", "handling|try/catch|rethrown||3-3"}},
		{"a.ts", "p().catch(next);\np().catch(() => {});\np().catch((err: any) => { throw err });\np()\n  .catch(function (e) { log(e) })\n", []string{"handling|promise catch|handled||1-1", "handling|promise catch|empty||2-2", "handling|promise catch|rethrown||3-3", "handling|promise catch|handled||5-5"}},
		{"a.js", "fs.read(f, (err, data) => {\n  if (err) throw err;\n});\nfs.read(f, (err, d) => {\n  if (err) {\n    return cb(null);\n  }\n});\nif (errors.length > 0) { x() }\n", []string{"handling|if err|rethrown||2-2", "handling|if err|handled||5-5"}},
		{"a.js", "app.use((err, req, res, next) => {\n  res.status(500).end();\n});\nserver.on('error', (e) => log(e));\n", []string{"handling|error middleware|handled||1-1", "handling|error event|handled||4-4"}},
		{"a.py", "try:\n    a()\nexcept OSError:\n    pass\nexcept KeyError as e:\n    # why\n    raise\nexcept (A, B) as e:\n    raise HTTPException(401)\n", []string{"handling|except|empty||3-3", "handling|except|rethrown||5-5", "handling|except|handled||8-8"}},
		{"A.java", "try { a(); } catch (IOException e) { throw new RuntimeException(e); }\ntry { a(); } catch (A | B e) {\n  // later\n}\ntry { a(); } catch (Exception ex) {\n  ex.printStackTrace();\n}\n", []string{"handling|try/catch|rethrown||1-1", "handling|try/catch|empty||2-2", "handling|try/catch|handled||5-5"}},
		{"A.cs", "try { A(); } catch (Exception e) when (e is X) { return NotFound(); }\nif (!result.Succeeded) return BadRequest();\nif (result.Succeeded) return Ok();\n", []string{"handling|try/catch|handled||1-1", "handling|failed result|handled||2-2"}},
		{"a.go", "func a() error {\n\tif err != nil {\n\t\treturn err\n\t}\n\tif err := b(); err != nil {\n\t\treturn nil, err\n\t}\n\tif err != nil {\n\t\treturn fmt.Errorf(\"x: %w\", err)\n\t}\n}\n", []string{"handling|if err|rethrown||2-2", "handling|if err|rethrown||5-5", "handling|if err|handled||8-8"}},
		{"a.rb", "begin\n  a\nrescue A => e\n  raise\nrescue B\n  render x\nend\nb rescue nil\nrescue_from X, with: :y\n", []string{"handling|rescue|rethrown||3-3", "handling|rescue|handled||5-5", "handling|rescue|empty||8-8", "handling|rescue_from|handled||9-9"}},
		{"a.rs", "match x {\n  Ok(v) => v,\n  Err(e) => return Err(e),\n}\nmatch y {\n  Err(_) => HttpResponse::NotFound().finish(),\n}\nif let Err(e) = z { log(e) }\nlet q: R = Err(a);\n", []string{"handling|Result matched|rethrown||3-3", "handling|Result matched|handled||6-6", "handling|Result matched|handled||8-8"}},
		{"a.ex", "case x do\n  {:error, why} -> send(why)\nend\n{:error, :no}\n", []string{"handling|error matched|handled||2-2"}},
		{"a.php", "<?php\ntry { a(); } catch (\\Throwable $e) { }\ntry { a(); } catch (A $e) { echo 'x'; }\nif ($conn->connect_error) { die('x'); }\n", []string{"handling|try/catch|empty||2-2", "handling|try/catch|handled||3-3", "handling|error checked|handled||4-4"}},
		{"a.js", "// try {} catch (e) { log(e) }\nconst s = 'catch (e) { x }';\n", nil},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, factsOf(tt.path, tt.source, KindHandling)); diff != "" {
			t.Errorf("%s\n%s\n-want +got\n%s", tt.path, tt.source, diff)
		}
	}
}

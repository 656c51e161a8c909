package facts

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTests(t *testing.T) {
	t.Parallel()
	tests := []struct {
		path, source string
		want         []string
	}{
		{"a.test.js", "const { add } = require('./a');\ndescribe('a', () => {\n  it('adds', () => {\n    expect(add(1, 2)).toBe(3);\n  });\n});\n", []string{"test|jest|1/1||3-3"}},
		{"App.test.js", "import App from './App';\ntest('renders learn react link', () => {\n  expect(screen.getByText(/x/)).toBeInTheDocument();\n});\n", []string{"test|jest|1/1|placeholder|2-2"}},
		{"a.test.ts", "import { test } from 'vitest';\ntest('x', () => { expect(true).toBe(true) });\n", []string{"test|jest|1/0|detached|2-2"}},
		{"a.js", "if (/x/.test(y)) { audit(z) }\nfunction wait(ms) {}\n", nil},
		{"test_a.py", "from app import add\n\ndef test_add():\n    assert add(1, 2) == 3\n", []string{"test|pytest|1/1||3-3"}},
		{"tests.py", "from django.test import TestCase\n\nclass T(TestCase):\n    def test_a(self):\n        r = self.client.get('/')\n        self.assertEqual(r.status_code, 200)\n", []string{"test|unittest|1/1||4-4"}},
		{"ATests.java", "@SpringBootTest\nclass ATests {\n  @Test\n  void contextLoads() {\n  }\n}\n", []string{"test|junit|1/0|placeholder|3-3"}},
		{"ATest.java", "import static org.junit.Assert.assertEquals;\nclass ATest {\n  @Test\n  void adds() {\n    assertEquals(3, A.add(1, 2));\n  }\n}\n", []string{"test|junit|1/1||3-3"}},
		{"UnitTest1.cs", "public class UnitTest1 {\n  [Fact]\n  public void Test1() { }\n}\n", []string{"test|xunit|1/0||2-2"}},
		{"a_test.go", "package a\n\nfunc TestAdd(t *testing.T) {\n\tif Add(1, 2) != 3 {\n\t\tt.Error(\"no\")\n\t}\n}\n", []string{"test|go|1/1||3-3"}},
		{"user_test.rb", "class UserTest < ActiveSupport::TestCase\n  # test \"the truth\" do\n  #   assert true\n  # end\nend\n", nil},
		{"user_spec.rb", "describe User do\n  it 'has a name' do\n    expect(user.name).to eq('a')\n  end\nend\n", []string{"test|rspec|1/1||2-2"}},
		{"ExampleTest.php", "<?php\nclass ExampleTest extends TestCase {\n  public function test_the_application_returns_a_successful_response(): void {\n    $response->assertStatus(200);\n  }\n}\n", []string{"test|phpunit|1/1|placeholder|3-3"}},
		{"CartTest.php", "<?php\nit('adds', function () {\n  expect(cart()->total())->toBe(3);\n});\n", []string{"test|pest|1/1||2-2"}},
		{"lib.rs", "#[cfg(test)]\nmod tests {\n    #[test]\n    fn it_works() {\n        assert_eq!(add(2, 2), 4);\n    }\n}\n", []string{"test|cargo|1/1|placeholder|3-3"}},
		{"a_test.exs", "defmodule ATest do\n  test \"adds\" do\n    assert A.add(1) == 2\n  end\nend\n", []string{"test|exunit|1/1||2-2"}},
		{"ASpec.scala", "class ASpec extends AnyFunSuite {\n  test(\"adds\") {\n    assert(A.add(1) == 2)\n  }\n}\n", []string{"test|scalatest|1/1||2-2"}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, factsOf(tt.path, tt.source, KindTest)); diff != "" {
			t.Errorf("%s\n%s\n-want +got\n%s", tt.path, tt.source, diff)
		}
	}
}

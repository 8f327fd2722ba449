"""A made-up service with secrets in every position that kinds know, as a folder of schemas.

Kinds of all four create classes with the same members: Password is never answered, Token is answered,
Pin is sensitive by its shape, Code is secret and checked, Settings nests, Keys is a list; the rest are no
secrets by themselves, but a document may put one there.
"""
import json
import os
import pathlib
import shutil

KINDS = {'Login': 'C', 'Door': 'A', 'Safe': 'B', 'Bell': 'D'}


def _api():
    text = {'type': 'string'}
    shapes = {
        'Text': text, 'Pin': {'type': 'string', 'sensitive': True},
        'Size': {'type': 'integer', 'min': 1, 'max': 100},
        'Grade': {'type': 'string', 'enum': ['LOW', 'HIGH']},
        'Code': {'type': 'string', 'min': 1, 'max': 4096, 'pattern': '[^|]*'},
        'Token': {'type': 'string', 'idempotencyToken': True},
        'Texts': {'type': 'list', 'member': {'shape': 'Text'}},
        'Labels': {'type': 'map', 'key': {'shape': 'Text'}, 'value': {'shape': 'Text'}},
        'Variable': {'type': 'structure', 'required': ['Key'], 'members': {'Key': {'shape': 'Text'}, 'Value': {'shape': 'Text'}}},
        'Variables': {'type': 'list', 'member': {'shape': 'Variable'}},
        'Inner': {'type': 'structure', 'members': {'Deep': {'shape': 'Pin'}, 'Note': {'shape': 'Text'}}},
        'Settings': {'type': 'structure', 'members': {'User': {'shape': 'Text'}, 'Secret': {'shape': 'Text'},
                                                      'Inner': {'shape': 'Inner'}}},
        'Empty': {'type': 'structure', 'members': {}},
    }
    faults = ('Fault', 'NotFound', 'Exists')
    for name in faults:
        shapes[name] = {'type': 'structure', 'exception': True, 'members': {'message': {'shape': 'Text'}}}
    members = {'Name': 'Text', 'Password': 'Text', 'Token': 'Text', 'Pin': 'Pin', 'Code': 'Code', 'Hint': 'Text', 'Grade': 'Grade',
               'Level': 'Grade', 'Partner': 'Text', 'Settings': 'Settings', 'Keys': 'Texts', 'Words': 'Texts', 'Labels': 'Labels',
               'Variables': 'Variables', 'Policy': 'Text', 'Size': 'Size', 'Tags': 'Labels'}
    body = {name: {'shape': shape} for name, shape in members.items()}
    operations = {}

    def operation(name, given, answered):
        shapes[name + 'Request'] = {'type': 'structure', 'members': given}
        shapes[name + 'Response'] = {'type': 'structure', 'members': answered}
        operations[name] = {'name': name, 'http': {'method': 'POST', 'requestUri': '/'}, 'input': {'shape': name + 'Request'},
                            'output': {'shape': name + 'Response'}, 'errors': [{'shape': fault} for fault in faults]}

    one = {'Id': {'shape': 'Text'}}
    for kind in KINDS:
        shapes[kind] = {'type': 'structure', 'members': {**one, **body, 'State': {'shape': 'Text'}}}
        shapes[kind + 's'] = {'type': 'list', 'member': {'shape': kind}}
        whole, many = {kind: {'shape': kind}}, {kind + 's': {'shape': kind + 's'}}
        operation('Create' + kind, {**body, 'ClientToken': {'shape': 'Token'}}, whole)
        operation('Get' + kind, one, whole)
        operation('List' + kind + 's', {'NextToken': {'shape': 'Text'}}, {**many, 'NextToken': {'shape': 'Text'}})
        operation('Update' + kind, {**one, **{k: v for k, v in body.items() if k not in ('Name', 'Tags')}}, whole)
        operation('Delete' + kind, one, {})
    operation('Tag', {**one, 'Tags': {'shape': 'Labels'}}, {})
    operation('Untag', {**one, 'Keys': {'shape': 'Texts'}}, {})
    return {'metadata': {'apiVersion': '2020-01-01', 'endpointPrefix': 'vault', 'jsonVersion': '1.1', 'protocol': 'json',
                         'serviceId': 'Vault', 'signatureVersion': 'v4', 'targetPrefix': 'Vault'},
            'endpoint': {'hostname': 'vault.{region}.amazonaws.com', 'signingName': 'vault'},
            'operations': operations, 'shapes': shapes, 'pagination': {}, 'waiters': {}}


def _kind(kind, create_class):
    named = create_class == 'C'
    create = {'call': 'Create' + kind, 'result': kind, 'without': ['ClientToken']}
    if create_class == 'A':
        create = {'call': 'Create' + kind, 'result': kind, 'token': 'ClientToken', 'wait': 'ready'}
    identity = {'field': 'Name', 'kind': 'named'} if named else {'field': 'Id', 'kind': 'assigned', 'name': 'Name'}
    one = {'Id': '$id'}
    changing = ['Password', 'Token', 'Pin', 'Code', 'Hint', 'Grade', 'Level', 'Partner', 'Settings', 'Keys', 'Words', 'Labels',
                'Variables', 'Policy', 'Size']
    fields = {name: {'class': 'safe', 'unset': None} for name in changing}
    fields['Name'] = {'replace': True}
    fields['Password'].update(secret=True, writeOnly=True)
    for name in ('Token', 'Code', 'Level', 'Keys'):
        fields[name]['secret'] = True
    fields['Settings.User'] = {'unset': None}
    fields['Settings.Secret'] = {'secret': True, 'unset': None}
    fields['Settings.Inner'] = {'unset': None}
    fields['Settings.Inner.Deep'] = {'unset': None}
    fields['Settings.Inner.Note'] = {'unset': None}
    fields['Keys']['compare'] = 'ordered'
    fields['Words']['compare'] = 'set'
    fields['Variables'].update(compare='keyed', keys=['Key'])
    fields['Variables[].Value'] = {'unset': None}
    fields['Policy']['compare'] = 'json'
    fields['Partner']['ref'] = 'vault.aws/Login'
    fields['Tags'] = {'class': 'safe'}
    fields['State'] = {'computed': True}
    if not named:
        fields['Id'] = {'computed': True}
    return {
        'kind': f'vault.aws/{kind}', 'version': 1, 'api': {'service': 'vault', 'version': '2020-01-01'},
        'identity': identity, 'createClass': create_class,
        'operations': {
            'create': create, 'read': {'call': 'Get' + kind, 'request': one, 'result': kind},
            'list': {'call': f'List{kind}s', 'result': kind + 's', 'id': identity['field']},
            'update': [{'name': 'all', 'call': 'Update' + kind, 'request': one, 'fields': changing}],
            'delete': {'call': 'Delete' + kind, 'request': one}},
        'fields': fields, 'states': {'field': 'State', 'ready': ['OK'], 'busy': ['MAKING']},
        'errors': {'Fault': 'terminal', 'NotFound': 'gone', 'Exists': 'exists'},
        'tags': {'field': 'Tags', 'style': 'map', 'add': {'call': 'Tag', 'request': {'Id': '$id', 'Tags': '$added'}},
                 'remove': {'call': 'Untag', 'request': {'Id': '$id', 'Keys': '$removedKeys'}}},
        'consistency': '5s', 'limits': {'timeout': '1m', 'bucket': 'vault'},
        'sandbox': {'create': '1s', 'update': '1s', 'delete': '1s', 'computed': {} if named else {'Id': kind.lower() + '-{hex12}'},
                    'errors': {'gone': 'NotFound', 'exists': 'Exists', 'invalid': 'Fault'}},
        'example': {'name': 'one', 'spec': {'Name': 'one', 'Hint': 'a word'}}}


def write_schemas(product, folder):
    """The product's schemas and the made-up service in `folder`."""
    folder = pathlib.Path(folder)
    shutil.copytree(product, folder)
    kinds = folder / 'kinds/aws/vault.aws'
    kinds.mkdir(parents=True)
    (folder / 'apis/aws/vault.json').write_text(json.dumps(_api()))
    for kind, create_class in KINDS.items():
        # A flow mapping is YAML as it stands; one key a line keeps lines short in messages.
        lines = [f'{key}: {json.dumps(value)}' for key, value in _kind(kind, create_class).items()]
        (kinds / f'{kind}.yaml').write_text('\n'.join(lines) + '\n')
    os.chmod(folder, 0o700)
    return folder
